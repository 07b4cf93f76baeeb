from pages import serve

serve("The shop")

from pages import serve

serve("The back office")

"""Every page, filled with one story: looked at by axe, weighed, and put into pictures.

python -m tests.gallery [FOLDER] [SCENE …]     writes the pictures
"""

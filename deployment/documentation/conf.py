"""How Sphinx makes the site; read by it alone (`python -m deployment.documentation`).

Nothing of the site is fetched from elsewhere: theme, fonts, scripts and search are its own files,
so that it can be read from a folder.
"""

project = "Farol"
extensions = ["myst_parser"]
root_doc = "docs/index"
nitpicky = True

# A quotation over several lines of a console is none to the lexer; it is shown all the same.
suppress_warnings = ["misc.highlighting_failure"]

# The anchors of headings, as GitHub makes them: links to them are checked.
myst_heading_anchors = 6

html_theme = "furo"
html_title = "Farol"
html_static_path = ["static"]
html_css_files = ["farol.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False

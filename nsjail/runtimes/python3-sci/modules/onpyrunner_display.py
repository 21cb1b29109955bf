"""display(…), as in a notebook: a table as display-N.html, a picture as display-N.png, and everything as text on stdout."""

import builtins


def display(*values):
    """Shows values: those that have an HTML or a picture of themselves as files, all as text."""
    import onpyrunner_files

    for value in values:
        for name, ending in (("_repr_png_", "png"), ("_repr_html_", "html")):
            show = getattr(type(value), name, None)
            content = show(value) if callable(show) else None
            if content:
                onpyrunner_files.write("display", ending, content.encode() if isinstance(content, str) else content)
                break
        print(value)


builtins.display = display

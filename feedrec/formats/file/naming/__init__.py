"""
What the files of a run are called.

    file_naming.py     what all namings have in common; one name, and numbers
    template.py        a template of names, and what is wrong with one
    template_names.py  names made from a template
    safe_names.py      what others chose, as a part of a name
    earlier_paths.py   what may go before a file, by its name alone
    folders.py         the folders in which files are begun
"""

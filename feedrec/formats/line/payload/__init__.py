"""
Payloads in their lines: of frames, and of HTTP requests and answers.

    in_lines.py      under which key a payload stands, how it is written there, and how it is read
    verbatim.py      which texts can stand in a line as they are
    json_strings.py  all others as JSON strings and back
"""

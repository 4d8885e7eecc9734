"""On the path of a process, this has smaller files shipped in parts: those of the tests, not only of 256 MB and up."""

from feedrec.recorder.shipping import content

content.LARGEST_PUT = 12_000

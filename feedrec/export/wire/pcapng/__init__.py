"""
Recordings as packets, which Wireshark and tshark dissect.

The lowest layer comes first:

    capture_file.py   blocks of a pcapng file
    addresses.py      who talks to whom
    packets.py        TCP in IP in Ethernet, with checksums
    tcp_stream.py     one TCP connection, from SYN to FIN
    handshakes.py     what is sent before frames: GET and 101; requests and answers
    messages.py       WebSocket frames
    comments.py       events as comments of packets
    pcapng_export.py  all of it, for recordings
"""

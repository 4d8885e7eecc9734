"""
Captures of packets, with WebSockets and HTTP in them that are not encrypted.

    capture_source.py      such a file as records
    packets.py             what the two forms of such files have in common
    pcap_packets.py        the packets of a pcap file
    pcapng_packets.py      the packets of a pcapng file
    tcp_segments.py        what a packet has of a TCP stream
    segment_order.py       the bytes of one direction of a stream, in order
    streams.py             the streams of a capture
    conversation.py        what is said on a stream, as records
    http_exchanges.py      requests, answers and the handshakes of WebSockets in a stream
    websocket_messages.py  messages of a WebSocket in one direction of a stream
    record_order.py        records in the order in which they began

Built for the captures of cryptofeed 3, which synthesises the packets; those of other programs are read likewise.
"""

"""
Clients that speak wss: certificates, and TLS before the WebSocket.

    authority.py           an authority that can vouch for a few hosts only, and its one certificate
    certificate_folder.py  keeps them in the user's data folder
    client_trust.py        what makes clients trust the authority
    key_and_chain.py       a private key and its certificates as PEM files
    tls_context.py         what the server needs of them
    tls_handshake.py       a connection until it speaks TLS
"""

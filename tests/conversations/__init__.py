"""Each documented conversation with a venue, through real sockets: the server half, the client half, both together."""

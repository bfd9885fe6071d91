"""Connecting an account by signing in to it, in the order of the files' use.

``asking``     what has to be known first, such as the host
``tickets``    a single-use ticket for whoever sits in the portal, or a link for a colleague
``departing``  the ticket is spent, and the browser leaves for the provider
``arriving``   it comes back with a code, which is exchanged; we find out who signed in
``keeping``    the connection is made or renewed; another account than before waits for a word
``parting``    an account is disconnected, and its provider told
``forgetting`` what was left lying loses its secrets
"""

"""The web console: pages made here, of what the services answer to the person who is signed in.

It decides nothing, and keeps nothing but who is signed in. What a service knows, it is asked for
over gRPC, under a token of the person's; what a person says goes there as a command with an id of
its form's. Every page reads and every form works without script.
"""

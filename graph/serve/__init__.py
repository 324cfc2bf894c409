"""Runs the processes of a server: the one that answers, or several workers, and the watch on the served folders.

site            puts a server together of its parts, and runs it
uvicorn_server  uvicorn with our protocols, and its graceful stop
workers         several processes on one socket
watch           edits of the folders, taken up while the server runs
"""

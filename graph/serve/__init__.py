"""Processes that listen: the site that is served, its uvicorn server, its workers, and the watch on its folders."""

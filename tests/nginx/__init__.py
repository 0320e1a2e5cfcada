"""A real nginx in front of the application, with the files of deploy/nginx as they are deployed."""

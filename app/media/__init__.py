"""Uploads, assets, renditions, ffmpeg, delivery."""

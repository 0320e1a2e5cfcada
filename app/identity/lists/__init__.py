"""Lists that offices send: their workbooks read, judged, imported and reported on."""

"""Studio: upload, preview, publish; the courses/ folder in and out."""

"""From folders of files to documents, and back."""

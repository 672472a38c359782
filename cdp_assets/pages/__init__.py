"""The analysts' web pages (Streamlit) on the published files, read-only; they compute nothing that a mart does not define."""

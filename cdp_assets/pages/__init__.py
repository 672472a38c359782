"""The analysts' web pages (Streamlit) on the published files, read-only; marts define, the pages show."""

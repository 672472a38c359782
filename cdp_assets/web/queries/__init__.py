"""What the pages ask of the marts, one module per page; no drawing here."""

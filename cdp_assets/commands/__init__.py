"""What `onefold …` does, one module per command; `cdp_assets.cli` names them. Only they print."""

"""What `onefold …` does, one module per command; `cdp_assets.cli` names them. Printing is done here and nowhere else."""

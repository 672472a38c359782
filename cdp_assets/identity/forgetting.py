"""Identity's files about a person: decisions of stewards that wait in their inbox. Its tables are state's and the build's, and go with them."""

from __future__ import annotations

from cdp_assets.forgetting import Store, in_files

STORES = (Store("decisions of stewards that wait", ("rulings_inbox/*",), goes_whole=True),)
# A decision about her goes whole: the records that it names are gone.
find, erase = in_files(STORES)

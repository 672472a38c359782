"""goldenmatch without configuration, run by a Python that has it: FOLDER/records.csv → FOLDER/clusters.csv; prints peak MB.

Its clusters hold row positions; rows in none are clusters of their own.
"""

import csv
import resource
import sys
from pathlib import Path

import goldenmatch

folder = Path(sys.argv[1])
with (folder / "records.csv").open(newline="", encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
filled = [name for name in rows[0] if any(row[name] for row in rows)]
keys = {"channel", "source_customer_id", "record_kind", "contact_role", "created_at", "updated_at"}
with (folder / "input.csv").open("w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, [name for name in filled if name not in keys], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
found = goldenmatch.dedupe(str(folder / "input.csv"))
label = {row: f"row {row}" for row in range(len(rows))}
for number, cluster in found.clusters.items():
    for member in cluster["members"]:
        label[int(member)] = f"cluster {number}"
with (folder / "clusters.csv").open("w", newline="", encoding="utf-8") as file:
    out = csv.writer(file)
    out.writerow(["channel", "source_customer_id", "cluster"])
    out.writerows([row["channel"], row["source_customer_id"], label[place]] for place, row in enumerate(rows))
print("MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

"""Operations: what whoever is on call needs: alerts, arrivals, backups, the doctor. Knows no Dagster."""

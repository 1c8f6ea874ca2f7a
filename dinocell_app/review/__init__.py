"""Looking through cells that were found: judgements, audits of random cells and places, what they prove."""

"""Networks, a file for each family.  A network knows nothing of losses."""

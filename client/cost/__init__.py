"""The bill: what a measured run used, by the price list, per million transactions and per month."""

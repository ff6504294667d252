"""The ledger, hop by hop: what the API acknowledged against what each store holds, by id."""

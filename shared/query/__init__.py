"""Reading back: what query-transactions answers, from the request's parameters to DynamoDB and back."""

select card_last4, sum(amount) as amount
from {{ source('core', 'transaction') }}
group by card_last4

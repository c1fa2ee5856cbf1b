"""How does what channels know at this moment come to stand in the same lists as what is stored?

By being taken in first. A list of tickets, purchases, interests, conversations or history has the channels asked that
offer such things for the customer's identities, all of them side by side and within one deadline; what came in time is
taken in (`resolvers/ingest`) in one transaction, and then the list is read as always.

The other way would be to merge both in memory, list by list. It would spare the write, and need a second way for
everything that the store does: pages and cursors over both, filters, counts, the order of the history, merges and
aliases, what a visitor is shown, redaction, erasure, ids that `node` finds again. Each would have to agree with the
first, and the same ticket by delivery, by import and live would be one only where every list remembers to make it one.
Taken in first, a record is one because it has one key; the newer `updatedAt` wins where ingest decides it; and what
was learned is written back by the same step, and stays when the vendor is gone.

What it costs: nothing where no line offers anything (`Context.live` is None). Where all is fresh, no command and no
wait. What a vendor says again unchanged is known by its digest and is not even compared. Only news cost a transaction.

What comes too late is taken in behind the answer. Who a person is (PROFILE) is always asked behind it: when a list is
read, the customer's own fields are answered already.

A question asks for the newest portion alone. Where a channel says that it has more, the rest is fetched behind the
answers (`pasts`, `fetching`); one that gives out what it has of everybody is read whole, and again where it changed
(`account_pasts`).
"""

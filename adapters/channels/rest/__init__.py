"""Which channel is configured wholly by a mapping: any API that speaks JSON over HTTP?"""

from adapters.channels.rest.channel import Rest

CHANNEL = Rest

"""A Slack in one process: the Web API methods that an app posts with, the consent page, and the messages."""

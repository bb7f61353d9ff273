"""What every service stands on: deciding, recording, publishing, hearing, deriving, answering. No word of the clinic."""

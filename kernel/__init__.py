"""What every service stands on, with no word of the clinic: from deciding to answering."""

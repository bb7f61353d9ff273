"""What if: a payer's rules as they might be, over what was attended. All of it is hypothetical."""

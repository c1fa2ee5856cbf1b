"""How are mail servers talked to, by SMTP and IMAP?"""

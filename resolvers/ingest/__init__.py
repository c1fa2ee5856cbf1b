"""What do records from outside mean in storage, whichever way they came: file, delivery or call?"""

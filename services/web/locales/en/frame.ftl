# The frame of every page.
frame-skip = Skip to the content
frame-places = Pages
frame-account = Account
frame-tickets = Tickets
frame-orders = My orders
frame-selling = My tickets
frame-sell = Sell
frame-sign-in = Sign in
frame-sign-up = Sign up
frame-sign-out = Sign out
frame-signed-in = Signed in as { $email }
frame-foot = Tickets held for you while you pay.
frame-docs = For developers
frame-language = Language
frame-account-down = Accounts can’t be reached at the moment, so nobody is signed in here. Try again in a minute.

sign-in-title = Sign in
sign-in-description = Sign in to order and to sell tickets.
sign-in-lead = Good to see you again.
sign-in-first = Sign in first, then you are right back where you were.
sign-in-button = Sign in
sign-in-other = New here?
sign-in-other-link = Sign up

sign-up-title = Sign up
sign-up-description = An email address and a password are all it takes.
sign-up-lead = An email address and a password, nothing else.
sign-up-first = Sign up, then you are right back where you were.
sign-up-button = Sign up
sign-up-other = Already have an account?
sign-up-other-link = Sign in

account-email = Email
account-email-wrong = An email address such as ann@example.com
account-password = Password
account-password-wrong = The password, please
account-new-password-hint = 8 characters or more
account-new-password-wrong = 8 to 128 characters
account-refused = That did not work

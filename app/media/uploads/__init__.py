"""Large files on their way in, piece by piece by tus 1.0 (https://tus.io/protocols/resumable-upload): what has arrived
stays, whoever dies in between.
"""

"""What learners write: notes of their own, questions and answers under a lesson, calls for help, ratings."""

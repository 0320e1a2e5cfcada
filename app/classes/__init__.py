"""Classes held (lớp tập trung): what was taught to whom, recorded after the fact."""

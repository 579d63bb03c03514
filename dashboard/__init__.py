"""The Streamlit application of MIRAGE."""

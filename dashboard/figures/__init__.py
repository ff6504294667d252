"""The charts: a frame and a palette in, an Altair chart out. They know neither Streamlit nor the warehouse."""

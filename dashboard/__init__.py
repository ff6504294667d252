"""The analysts' page: Streamlit and Altair over the warehouse's marts, through the Redshift Data API."""

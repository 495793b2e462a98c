"""The chat page: components of Gradio, the conversation, answers as markup.

Input: questions and answers. Output: Gradio components and escaped HTML.
"""

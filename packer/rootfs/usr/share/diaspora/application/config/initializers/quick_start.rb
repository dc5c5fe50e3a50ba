# Everything is loaded by then: see config/quick_start.rb.
Rails.application.config.after_initialize { QuickStart.came_through }

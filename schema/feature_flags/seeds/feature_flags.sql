insert into public.feature_flags (name, description, enabled, rollout_percentage, salt)
values
('multi_collective_posts', 'A post can be in several collectives', true, 100, 'multi_collective_posts'),
('enhanced_editor', 'The editor with drafts that save themselves', true, 100, 'enhanced_editor'),
('collective_validation', 'Posting rights are checked in time', true, 100, 'collective_validation'),
('persistence_v2', 'Guests, several devices, sync with versions', false, 0, 'persistence_v2')
on conflict (name) do nothing;

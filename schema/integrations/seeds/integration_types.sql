insert into public.integration_types (type, name)
values
('whatsapp', 'WhatsApp'),
('email', 'E-mail'),
('telegram', 'Telegram')
on conflict do nothing;

file '/etc/storefront' do
  content "ready\n"
end
